from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "tongban.web"
    label = "web"

    def ready(self) -> None:
        """Join the rooms where a lower one is told something by an upper one."""
        from tongban.web import lint_facts

        lint_facts.register()
