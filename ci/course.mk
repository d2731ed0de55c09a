# For the Makefile of a course's repository: `include course.mk`, then
#
#   make check         the public items of all notebooks, in a student's repository
#   make selftest      whether the assignment marks right, in a lecturer's
#   make bundle        what students get, in bundle/
#
# GRADER is the command, ASSIGNMENT the rubric's name or folder, where there are several, and INSTALL
# what students give to pip.
GRADER ?= grader
ASSIGNMENT ?=
INSTALL ?=
BUNDLE ?= bundle

.PHONY: check selftest bundle

check:
	$(GRADER) check

selftest:
	$(GRADER) selftest $(ASSIGNMENT)

bundle:
	$(GRADER) release $(BUNDLE) $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT)) $(if $(INSTALL),--install $(INSTALL))
