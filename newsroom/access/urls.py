"""Addresses under /admin/access/."""

from django.urls import path

from newsroom.access import account, password_reset, views

app_name = "access"
urlpatterns = [
    path("", account.overview, name="overview"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("app/", account.add_app, name="add_app"),
    path("app/remove/", account.remove_app, name="remove_app"),
    path("passkeys/add/", account.add_passkey, name="add_passkey"),
    path("passkeys/<int:pk>/remove/", account.remove_passkey, name="remove_passkey"),
    path("passkeys/new-options/", account.new_passkey_options, name="new_passkey_options"),
    path("passkeys/options/", views.passkey_options, name="passkey_options"),
    path("passkeys/sign-in-options/", views.sign_in_options, name="sign_in_options"),
    path("passkeys/sign-in/", views.passkey_sign_in, name="passkey_sign_in"),
    path("recovery-codes/", account.make_codes, name="make_codes"),
    path("sessions/end/", account.end_other_sessions, name="end_other_sessions"),
    path("sessions/<str:digest>/end/", account.end_session, name="end_session"),
    path("password-reset/", password_reset.request_mail, name="password_reset"),
    path("password-reset/sent/", password_reset.mail_sent, name="password_reset_done"),
    path(
        "password-reset/<uidb64>/<token>/",
        password_reset.set_password,
        name="password_reset_confirm",
    ),
    path("password-reset/complete/", password_reset.complete, name="password_reset_complete"),
]
