from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "tongban.assessment"
    label = "assessment"
