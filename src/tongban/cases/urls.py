from django.urls import path

from tongban.cases import (
    case_views,
    delegation_views,
    emergency_views,
    material_views,
    receipt_views,
    staff_views,
    upload_views,
    views,
)
from tongban.cases.appointments import views as appointments

app_name = "cases"
urlpatterns = [
    path("items/<str:code>/apply/", views.apply, name="apply"),
    path("items/<str:code>/apply/<str:page>/", views.apply_page, name="apply-page"),
    path("cases/<str:number>/", case_views.case, name="case"),
    path("cases/<str:number>/act/", case_views.case_act, name="case-act"),
    path("cases/<str:number>/supply/", case_views.supply, name="supply"),
    path("cases/<str:number>/files/<uuid:key>/", case_views.case_file_download, name="file"),
    path(
        "cases/<str:number>/files/<uuid:key>/pages/", material_views.file_pages, name="file-pages"
    ),
    path(
        "cases/<str:number>/files/<uuid:key>/pages/<int:sheet>/", material_views.page, name="page"
    ),
    path("me/uploads/", upload_views.uploads, name="uploads"),
    path("me/uploads/<uuid:key>/", upload_views.upload, name="upload"),
    path("cases/<str:number>/correct/", views.correct, name="correct"),
    path("cases/<str:number>/correct/<str:page>/", views.correct_page, name="correct-page"),
    path("appointments/", appointments.offices, name="offices"),
    path("appointments/<str:office>/", appointments.office, name="office"),
    path("appointments/<str:office>/queue/", appointments.screen, name="queue"),
    path("me/appointments/", appointments.mine, name="my-appointments"),
    path("work/counter/", appointments.counters, name="counters"),
    path("work/counter/<str:office>/", appointments.counter, name="counter"),
    path("me/delegations/", delegation_views.mine, name="delegations"),
    path("me/delegations/<uuid:key>/revoke/", delegation_views.revoke, name="revoke-delegation"),
    path("me/acts/", receipt_views.acts, name="acts"),
    path("me/acts/all/", receipt_views.everything, name="all-receipts"),
    path("me/acts/<int:seq>/", receipt_views.act, name="act"),
    path("me/acts/<int:seq>/<str:form>/", receipt_views.download, name="receipt"),
    path("work/delegations/", delegation_views.at_counter, name="counter-delegations"),
    path("work/emergency/", emergency_views.emergency, name="emergency"),
    path("work/emergency/<int:emergency>/allow/", emergency_views.allow, name="allow-emergency"),
    path("work/", staff_views.work, name="work"),
    path("work/cases/<str:number>/", staff_views.work_case, name="work-case"),
    path(
        "work/cases/<str:number>/files/<uuid:key>/pages/",
        material_views.work_file_pages,
        name="work-file-pages",
    ),
    path(
        "work/cases/<str:number>/files/<uuid:key>/pages/<int:sheet>/",
        material_views.work_page,
        name="work-page",
    ),
    path(
        "work/cases/<str:number>/files/<uuid:key>/",
        staff_views.work_file_download,
        name="work-file",
    ),
]
