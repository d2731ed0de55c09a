"""The data sets that networks are trained and tested on."""
