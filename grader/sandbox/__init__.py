"""The only place where student code runs, behind `observe`."""
