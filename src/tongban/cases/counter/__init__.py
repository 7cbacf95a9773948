"""The single window (综合窗口): filing for a person at the counter, handing their papers over."""
