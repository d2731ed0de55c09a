"""A student's own check: public items only, at the command line and in a kernel."""
