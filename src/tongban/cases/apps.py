from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "tongban.cases"
    label = "cases"

    def ready(self) -> None:
        from tongban.cases.bundles.sending import go_on
        from tongban.cases.services.writing import after_ending

        if go_on not in after_ending:
            after_ending.append(go_on)
