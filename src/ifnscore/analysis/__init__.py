"""From scores and a cohort to tables: pairs, estimates, links, and the words that may be said about them."""
