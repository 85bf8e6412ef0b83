"""Why a gradient is what it is: each factor of the chain rule, by the rule that ran."""
