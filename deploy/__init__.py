"""How the services of a server are put together, in containers and without."""
