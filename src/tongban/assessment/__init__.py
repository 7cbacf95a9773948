"""Assessment 评估: frameworks of governments, runs over tables, reports."""
