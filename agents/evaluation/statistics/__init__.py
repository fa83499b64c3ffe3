"""Numbers with their uncertainty: intervals, tests between runs, and how much data a difference needs.

Samples of one task are not independent, so whatever is said about several samples per task treats each
task as one cluster. Everything is exact or seeded; the formulas' sources stand with them.
"""

from .bootstrap import bootstrap_interval, rate_interval
from .corrections import benjamini_hochberg, holm
from .interval import Interval
from .paired_tests import (
    McNemarTest,
    mcnemar_test,
    paired_bootstrap_interval,
    paired_rate_interval,
    permutation_test,
)
from .pass_at_k import avg_at_k, pass_at_k
from .power import minimal_detectable_effect, tasks_needed
from .proportion import clopper_pearson_interval, wilson_interval
from .standard_error import clustered_standard_error, paired_standard_error, standard_error_across_runs

__all__ = [
    "Interval",
    "McNemarTest",
    "avg_at_k",
    "benjamini_hochberg",
    "bootstrap_interval",
    "clopper_pearson_interval",
    "clustered_standard_error",
    "holm",
    "mcnemar_test",
    "minimal_detectable_effect",
    "paired_bootstrap_interval",
    "paired_rate_interval",
    "paired_standard_error",
    "pass_at_k",
    "permutation_test",
    "rate_interval",
    "standard_error_across_runs",
    "tasks_needed",
    "wilson_interval",
]
