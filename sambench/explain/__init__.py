"""Why a run's masks are wrong: read from its rows and predictions, without a model."""
