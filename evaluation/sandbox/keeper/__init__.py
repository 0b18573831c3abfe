"""The process that keeps a sandbox. Standard library and relative imports only: it is started as a package alone."""
