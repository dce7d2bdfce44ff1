"""One file in; archived bytes, tidy rows and findings out. Layouts are data, in `layouts/`."""
