"""Coverage-guided fuzzing of every text parser (``make fuzz``), and the inputs that once broke one."""
