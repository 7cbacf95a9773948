"""Addresses of assessments."""

from django.urls import path

from tongban.assessment.views import frameworks, live, numbers, runs

app_name = "assessment"
urlpatterns = [
    path("assessment/", runs.index, name="index"),
    path("assessment/runs/<str:run>/", runs.run, name="run"),
    path("assessment/runs/<str:run>/act/", runs.act_on_run, name="act-on-run"),
    path("assessment/runs/<str:run>/<str:form>/", runs.run_file, name="run-file"),
    path("assessment/live/", live.overview, name="live"),
    path("assessment/compare/", live.compare, name="compare"),
    path("assessment/live/<str:region>/", live.dashboard, name="dashboard"),
    path("assessment/live/<str:region>/to-do/", live.todo, name="to-do"),
    path("assessment/live/<str:region>/numbers/", numbers.numbers, name="numbers"),
    path("assessment/live/<str:region>/keep/", live.keep, name="keep"),
    path("assessment/live/<str:region>/as/<str:form>/", live.download, name="download"),
    path("assessment/live/<str:region>/behind/<str:indicator>/", live.behind_figure, name="behind"),
    path(
        "assessment/published/<str:draft>.toml",
        runs.published_framework,
        name="published-framework",
    ),
    path("assessment/frameworks/", frameworks.frameworks, name="frameworks"),
    path("assessment/frameworks/<str:draft>/", frameworks.framework, name="framework"),
]
