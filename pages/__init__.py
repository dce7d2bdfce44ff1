"""What people look at: a version's figures as static pages, and as a pack for the agenda."""
