"""The command line: the only room that prints, exits or opens output files."""
