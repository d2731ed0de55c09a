"""For authors of assignments: rubrics, new ones, bundles for students, and the selftest."""
