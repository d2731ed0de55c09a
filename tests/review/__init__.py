"""Tests of the pages for marking by hand."""
