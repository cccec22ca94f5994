"""What the targets of the Makefile run; each folder has one purpose."""
