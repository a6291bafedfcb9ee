"""Lognormal parameters fitted to real usage: mean and standard deviation of the logarithm.

From 24,551 runs of coding agents on benchmark tasks, January to March 2026 (OpenHands index
results, MIT; runs without a cost left out): US dollars of a story, by model. Over all of them
the logarithm has mean -0.72 and deviation 1.15 (median 0.55 USD).

From 7,098 calls in 174 stories, November 2025 (mini-swe-agent results, MIT), per story: calls
3.61 and 0.43 (median 36), input tokens 13.10 and 0.73 (median 439,000), output tokens 9.08 and
0.62 (median 8,500); their logarithms correlate with that of the cost by 0.85, 0.96 and 0.89. The
cost of a single call deviates by 0.61.

Not fitted: runs of one model in one epic deviate by 0.64. The sample takes 0.40 and cuts at two
deviations, so that no story but a planted one meets the anomaly rule; the rest of a model's
deviation lies between epics.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Mean and deviation of the logarithm, and its correlation with the logarithm of the cost."""

    mean: float
    deviation: float
    correlation: float = 1.0


# runs of these models in the data, which decide how often the sample takes one
MODEL_RUNS: Final = {
    "claude-opus-4-5": 1_179,
    "claude-opus-4-6": 3_017,
    "claude-sonnet-4-5": 2_879,
    "claude-sonnet-4-6": 1_120,
    "gpt-5.2": 1_187,
    "gpt-5.2-codex": 1_188,
    "gemini-3-pro": 1_184,
    "gemini-3-flash": 1_165,
    "kimi-k2.5": 1_197,
    "glm-4.7": 1_160,
    "minimax-m2.5": 1_198,
    "deepseek-v3.2-reasoner": 1_175,
}

# US dollars of a story, by the model that leads it
STORY_COSTS: Final = {
    "claude-opus-4-5": Lognormal(0.13, 0.86),
    "claude-opus-4-6": Lognormal(-0.64, 1.10),
    "claude-sonnet-4-5": Lognormal(-0.10, 0.83),
    "claude-sonnet-4-6": Lognormal(-0.40, 1.01),
    "gpt-5.2": Lognormal(-0.59, 0.95),
    "gpt-5.2-codex": Lognormal(-0.47, 0.96),
    "gemini-3-pro": Lognormal(-0.35, 0.76),
    "gemini-3-flash": Lognormal(-1.26, 0.71),
    "kimi-k2.5": Lognormal(-1.03, 0.85),
    "glm-4.7": Lognormal(-1.07, 0.86),
    "minimax-m2.5": Lognormal(-1.79, 1.09),
    "deepseek-v3.2-reasoner": Lognormal(-2.27, 0.71),
}

# US dollars per million input tokens, the highest list price: of a long request or a cached one
INPUT_PRICES: Final = {
    "claude-opus-4-5": 10.0,
    "claude-opus-4-6": 10.0,
    "claude-sonnet-4-5": 12.0,
    "claude-sonnet-4-6": 6.0,
    "gpt-5.2": 1.75,
    "gpt-5.2-codex": 1.75,
    "gemini-3-pro": 4.0,
    "gemini-3-flash": 1.0,
    "kimi-k2.5": 0.6,
    "glm-4.7": 0.276,
    "minimax-m2.5": 0.375,
    "deepseek-v3.2-reasoner": 0.55,
}

STORY_CALLS: Final = Lognormal(3.61, 0.43, 0.85)
STORY_INPUT_TOKENS: Final = Lognormal(13.10, 0.73, 0.96)
STORY_OUTPUT_TOKENS: Final = Lognormal(9.08, 0.62, 0.89)
CALL_COST_DEVIATION: Final = 0.61

WITHIN_EPIC_DEVIATION: Final = 0.40
CUT_AT_DEVIATIONS: Final = 2.0
