"""Roles and databases, on the embedded server and on one that belongs to somebody else."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from assembly import databases
from assembly.databases import DatabaseNotReady
from assembly.postgres import EmbeddedPostgres
from kit.settings import Settings
from tests.unit.assembly.support import SECRET
from tests.unit.assembly.support import settings as make_settings


def settings(**fields: Any) -> Settings:
    return make_settings(Path("var"), **fields)


@pytest.fixture(scope="module")
def guest(postgres: EmbeddedPostgres) -> str:
    """The address of a role that owns its database and may do nothing else."""
    postgres.create("guest", "g", "guest_test")
    return postgres.address("guest", "g", "guest_test")


@pytest.fixture
def without_rasa(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("drop database if exists rasa")
        connection.execute("drop role if exists rasa")


def test_an_existing_server_gets_rasas_role_and_database(postgres: EmbeddedPostgres, without_rasa: None) -> None:
    own = settings(database_url=postgres.dsn)
    for _ in range(2):
        databases.create_roles(own, None)
    with psycopg.connect(databases.rasa_url(own).set(drivername="postgresql").render_as_string(False)) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == ("rasa", "rasa")


def test_a_role_that_may_not_is_told_the_sql(guest: str, without_rasa: None) -> None:
    with pytest.raises(DatabaseNotReady) as caught:
        databases.create_roles(settings(database_url=guest), None)
    assert "CREATE DATABASE rasa OWNER rasa" in caught.value.message
    assert SECRET not in caught.value.message


def test_a_database_of_rasas_own_choice_is_enough(guest: str, postgres: EmbeddedPostgres, without_rasa: None) -> None:
    postgres.create("other", "o", "other")
    own = settings(database_url=guest, rasa_database_url=postgres.address("other", "o", "other"))
    databases.create_roles(own, None)
    assert databases.rasa_variables(own)["RASA_DB_NAME"] == "other"


@pytest.mark.parametrize("setting", ["database_url", "rasa_database_url"])
def test_a_server_that_does_not_answer_is_named_by_its_setting(guest: str, setting: str) -> None:
    nowhere = "postgresql://a:very-secret@127.0.0.1:1/a"
    with pytest.raises(DatabaseNotReady, match=setting.upper()) as caught:
        databases.create_roles(settings(**{"database_url": guest, setting: nowhere}), None)
    assert "very-secret" not in caught.value.message


def test_rasa_is_told_its_own_database_only() -> None:
    told = databases.rasa_variables(settings(postgres_password="ours-alone", postgres_port=1))
    assert told == {
        "RASA_DB_HOST": "127.0.0.1",
        "RASA_DB_PORT": "1",
        "RASA_DB_NAME": "rasa",
        "RASA_DB_USER": "rasa",
        "RASA_DB_PASSWORD": SECRET,
    }


def test_schema_and_procedures_are_loaded_and_loading_again_changes_nothing(postgres: EmbeddedPostgres) -> None:
    postgres.create("loading", "l", "loading_test")
    own = settings(database_url=postgres.address("loading", "l", "loading_test"))
    assert len(set(databases.migrate_and_load(own).new)) == 111
    report = databases.migrate_and_load(own)
    assert (report.new, report.changed, report.removed) == ([], [], [])
    assert report.unchanged >= 111  # versions: a later law makes a second one


def test_trial_conversations_are_forgotten_and_no_others(postgres: EmbeddedPostgres, without_rasa: None) -> None:
    own = settings(database_url=postgres.dsn)
    databases.create_roles(own, None)
    with psycopg.connect(databases.rasa_url(own).set(drivername="postgresql").render_as_string(False)) as connection:
        connection.execute("create table events (sender_id text)")
        connection.execute("insert into events values ('cli:1'), ('web:2')")
        connection.commit()
        databases.forget_conversations(own, ["cli:1"])
        assert connection.execute("select sender_id from events").fetchall() == [("web:2",)]
