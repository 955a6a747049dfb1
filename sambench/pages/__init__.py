"""Pages that are looked at: report, viewer, leaderboard, ratings."""
