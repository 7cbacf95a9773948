"""Template filters for dates: `{{ case.due_on|day }}`, `{{ event.at|moment }}`."""

from django import template

from tongban.directory.wording import day_words, moment_words

register = template.Library()
register.filter("day", day_words)
register.filter("moment", moment_words)
