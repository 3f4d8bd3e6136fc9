PYTHON ?= python

.PHONY: soak soak-short mutations

soak:  ## 10,000 random schedules: two hours on two cores
	$(PYTHON) -m tests.soak --schedules 10000

soak-short:  ## enough to see whether anything is wrong
	$(PYTHON) -m tests.soak --schedules 300

mutations:  ## take out our guards one by one and see the tests go red
	$(PYTHON) -m tests.mutations
