# The front door. Every target says what it does, can be repeated, and works offline once set-up is done.
LAB     ?= 01-pipe
ARGS    ?=
SECONDS ?= 600

.DEFAULT_GOAL := help
.PHONY: help setup grade test test-full labs attacks check bench fuzz image clean

help: ## this list
	@echo 'ipclab: an autograded lab kit for inter-process communication in C'
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "    make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '    ./ipclab --help   grades submissions of your own, validates a lab, exports what students get'

setup: ## install the Debian packages that are missing, after saying which (root or sudo)
	@tools/setup.sh grade

grade: ## set up, then grade a class of sample submissions: a table, a report, a gradebook
	@tools/grade_samples.sh $(LAB)

test: ## set up, then run every test of the kit (ARGS='-k pattern' for some)
	@tools/setup.sh grade test base
	@/usr/bin/python3 -m pytest -n auto $(ARGS)

test-full: ## the same, with every lab whole in both sandboxes and many more schedules (about an hour)
	@tools/setup.sh grade test base
	@IPCLAB_FULL=1 IPCLAB_WEAVE_FULL=1 /usr/bin/python3 -m pytest -n auto $(ARGS)

labs: ## prove all labs, and print a table: tests, points, mutants killed, variants right, seconds (ARGS='--repeat 300 --load')
	@tools/setup.sh grade
	@./ipclab validate --table --sandbox local $(ARGS)

attacks: ## try every attack with its defence and without, and print a table (ARGS='--only PART --sandbox local')
	@tools/setup.sh grade test base
	@/usr/bin/python3 grader/tests/attacks/table.py $(ARGS)

check: ## what a student types in a skeleton (LAB=01-pipe): build, run the public tests
	@$(MAKE) --no-print-directory -C skeletons/$(LAB) check

bench: ## measure what the kit costs, against its targets (ARGS=--json for machines)
	@tools/setup.sh grade
	@/usr/bin/python3 grader/bench/bench.py $(LAB) $(ARGS)

fuzz: ## search for inputs that break the grader, on all cores (SECONDS=600, ARGS='plan codec' for some targets)
	@tools/setup.sh grade test
	@nice /usr/bin/python3 grader/fuzz/fuzz.py --seconds $(SECONDS) $(ARGS)

image: ## make the Docker image that submissions run in, from a registry or from Debian's packages
	@tools/setup.sh base
	@docker/image.sh make

clean: ## remove what was built and graded here (not the image: docker/image.sh remove)
	rm -rf .build grades
