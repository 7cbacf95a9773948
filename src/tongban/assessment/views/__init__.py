"""Pages of assessments: published runs, live dashboards, hard numbers, frameworks."""
