"""All addresses. Rooms keep their own; this file only joins them."""

from django.urls import include, path

from tongban.base.permissions import Permission, opens_to
from tongban.web import my_data_views, views
from tongban.web.api import api
from tongban.web.openid.urls import discovery, provider
from tongban.web.public_log import views as public_log
from tongban.web.sign_in import SignIn

pages = (
    [
        path("", views.home, name="home"),
        path("me/", views.me, name="me"),
        path("me/data/", my_data_views.my_data, name="my-data"),
        path("me/data/export/<str:form>/", my_data_views.export, name="export"),
        path("me/data/close/", my_data_views.close, name="close-account"),
        path("region/", views.region, name="region"),
        path("language/", views.language, name="language"),
        path("elder/", views.elder, name="elder"),
        path("ledger/", public_log.ledger, name="ledger"),
        path("ledger/acts/", public_log.entries, name="ledger-entries"),
        path("verify/", public_log.verify, name="verify"),
        path("help/", views.page("web/help.html"), name="help"),
        path("about/", views.page("web/about.html"), name="about"),
        path("accessibility/", views.page("web/accessibility.html"), name="accessibility"),
        path("health/live", views.live, name="live"),
        path("health/ready", views.ready, name="ready"),
    ],
    "web",
)

urlpatterns = [
    path("", include(pages)),
    path("sign-in/", opens_to(Permission.VISIT)(SignIn.as_view()), name="account_login"),
    path("", include("tongban.directory.sign_in.urls")),
    path("", include("tongban.directory.sign_in.upstream.urls")),
    path("", include("tongban.directory.urls")),
    path("", include("tongban.catalogue.urls")),
    path("", include("tongban.cases.urls")),
    path("", include("tongban.assessment.urls")),
    path("", include("tongban.ledger.urls")),
    path("", include(provider)),
    path("", include(discovery)),
    path("api/v1/", api.urls),
]

handler400 = "tongban.web.errors.bad_request"
handler403 = "tongban.web.errors.forbidden"
handler404 = "tongban.web.errors.not_found"
handler500 = "tongban.web.errors.server_error"
