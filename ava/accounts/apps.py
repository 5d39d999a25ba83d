from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ava.accounts"
    label = "accounts"
    verbose_name = "Accounts"
