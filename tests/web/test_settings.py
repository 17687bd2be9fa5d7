"""Settings: what overrides what, what is said of mistakes, and that the documentation lists them all."""

import re
from pathlib import Path

import pytest

from web.configuration import describe, load_settings, unknown_variables
from web.settings import ConfigError, Settings

WORKFLOW = "wfl_0123456789abcdefghijk"
_RULE = (
    f'[[workflows]]\nid = "{WORKFLOW}"\nname = "uploads"\n'
    '[[workflows.reject]]\nkey = "gore.prob"\nover = 0.5\ntext = "Gore"\n'
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("GOREWATCH_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    path = folder / "gorewatch.toml"
    path.write_text(text)
    return path


def origins(settings: Settings) -> dict[str, tuple[str, str]]:
    return {name: (value, origin) for name, value, origin in describe(settings)}


def test_the_defaults_serve_this_machine_alone() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.policy.fps == 2.0
    assert {origin for _, origin in origins(settings).values()} == {"default"}


def test_flags_win_over_the_environment_which_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'port = 1\nlog_level = "debug"\n[policy]\nfps = 1.0\nwindow = 5\n[limits]\nmax_streams = 3\n'
    path = written(tmp_path, text)
    monkeypatch.setenv("GOREWATCH_PORT", "2")
    monkeypatch.setenv("GOREWATCH_HOST", "::1")
    monkeypatch.setenv("GOREWATCH_POLICY__FPS", "4")
    settings = load_settings(config=path, flags={"port": 3, "host": None})
    assert (settings.port, settings.host, settings.log_level) == (3, "::1", "debug")
    assert (settings.policy.fps, settings.policy.window, settings.limits.max_streams) == (4.0, 5.0, 3)
    told = origins(settings)
    assert told["port"] == ("3", "flag")
    assert told["host"] == ("::1", "environment GOREWATCH_HOST")
    assert told["policy.fps"] == ("4.0", "environment GOREWATCH_POLICY__FPS")
    assert told["policy.window"] == ("5.0", f"file {path}")
    assert told["policy.threshold"] == ("0.5", "default")


def test_the_file_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_CONFIG", str(written(tmp_path, "port = 81")))
    assert load_settings().port == 81


def test_lists_come_with_commas_or_as_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_EGRESS_ALLOW", "127.0.0.0/8, ::1/128,10.1.2.3")
    settings = load_settings(config=written(tmp_path, 'file_roots = ["/data", "/srv"]'))
    assert settings.egress_allow == ("127.0.0.0/8", "::1/128", "10.1.2.3/32")
    assert settings.file_roots == ("/data", "/srv")


def test_the_store_lies_in_the_data_folder_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_DATA_DIR", "/srv/gore watch")
    assert load_settings().store_url == "sqlite:////srv/gore watch/gorewatch.db"
    monkeypatch.setenv("GOREWATCH_STORE", "sqlite:////srv/keys.db")
    assert load_settings().store_url == "sqlite:////srv/keys.db"


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_TURN_CREDENTIAL", "hunter2-hunter2")
    settings = load_settings()
    assert settings.ice.credential == "hunter2-hunter2"
    assert "hunter2" not in f"{describe(settings)} {settings!r} {settings}"
    assert origins(settings)["turn_credential"] == ("********", "environment GOREWATCH_TURN_CREDENTIAL")


@pytest.mark.parametrize("form", ["postgresql://me:{}@db/gw", "postgresql://db/gw?user=me&password={}"])
def test_the_password_of_the_store_is_never_shown(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("GOREWATCH_STORE", form.format("hunter2"))
    settings = load_settings()
    assert settings.store_url == form.format("hunter2")
    assert "hunter2" not in f"{describe(settings)} {settings!r} {settings}"
    assert origins(settings)["store"] == (form.format("***"), "environment GOREWATCH_STORE")
    monkeypatch.setenv("GOREWATCH_STORE", "mysql://me:hunter2@db/gw")
    with pytest.raises(ConfigError) as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "no setting prot"),
        ("[limits]\nmax = 1", "no setting limits.max"),
        ("[policy]\nfsp = 1", "policy.fsp is not a key"),
        ("[policy]\nfps = 99", "policy.fps must be at least 0.001 and at most 30"),
        ('[policy]\ncallback_url = "ftp://x/"', "policy.callback_url must be an http"),
        ("port = 70000", "port should be less than or equal to 65535"),
        ('workers = "many"', "workers should be a valid integer"),
        ('egress_allow = "10.0.0.0/40"', "egress_allow '10.0.0.0/40' does not appear to be"),
        ('file_roots = ["media"]', "file_roots must be absolute"),
        ('engine = "spark"', "engine should be 'local' or 'ray'"),
        ('token = "hunter2"', "no setting token"),
        ('store = "mysql://me:hunter2@db/gw"', "store must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"),
        ("[retention]\nevents_days = 0", "retention.events_days should be greater than 0"),
        ('[[workflows]]\nid = "wfl_1"\nreject = []', "workflows.0 must have an id that is wfl_"),
        (f'[[workflows]]\nid = "{WORKFLOW}"\nreject = []', "workflows.0 must have a rule"),
        (f'[[workflows]]\nid = "{WORKFLOW}"', "workflows.0.reject is missing"),
        (f"{_RULE}under = 1", "no setting workflows.0.reject.0.under"),
        (_RULE.replace("gore.prob", "nudity.raw"), "workflows.0.reject.0 must have a key that is one of gore.prob, "),
        (_RULE.replace("0.5", "1.0"), "workflows.0.reject.0 must be over a number of at least 0 and less than 1"),
        (_RULE.replace("0.5", '"much"'), "workflows.0.reject.0.over should be a valid number"),
        (_RULE.replace('"Gore"', '" "'), "workflows.0.reject.0 must have a text"),
        (_RULE + _RULE, f"workflows must have an id each, and {WORKFLOW} is there more than once"),
        ("port", "not valid TOML"),
    ],
)
def test_mistakes_in_the_file_are_one_line_that_names_them(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_settings(config=path)
    message = str(raised.value)
    assert said in message
    assert str(path) in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_workflows_come_from_the_file(tmp_path: Path) -> None:
    (workflow,) = load_settings(config=written(tmp_path, _RULE)).workflows
    assert (workflow.id, workflow.name) == (WORKFLOW, "uploads")
    assert [(rule.key, rule.over, rule.text) for rule in workflow.reject] == [("gore.prob", 0.5, "Gore")]


def test_a_file_that_is_not_there_and_an_environment_that_does_not_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        load_settings(config=Path("/nonexistent.toml"))
    monkeypatch.setenv("GOREWATCH_POLICY", "{")
    with pytest.raises(ConfigError, match="POLICY__FPS"):
        load_settings()


def test_variables_that_are_no_settings_are_found() -> None:
    names = {
        "GOREWATCH_PROT": "",
        "GOREWATCH_PORT": "",
        "GOREWATCH_POLICY__FPS": "",
        "GOREWATCH_CONFIG": "",
        "GOREWATCH_TOKEN": "",
        "HOME": "",
    }
    assert unknown_variables(names) == ["GOREWATCH_PROT"]


def test_the_document_lists_every_setting_with_its_default_and_nothing_else() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", DOCUMENT.read_text(), flags=re.MULTILINE)
    varying = {"data_dir": "platform", "workers": "CPUs"}
    expected = {name: varying.get(name, value) for name, value, _ in describe(load_settings())}
    assert dict(rows) == expected
    assert len(rows) == len(expected)


def test_user_name_and_password_of_a_callback_are_not_shown() -> None:
    policy = {"callback_url": "https://user:secret@hook.example/x"}
    settings = load_settings(flags={"policy": policy})
    assert settings.policy.callback_url == policy["callback_url"]
    shown = {name: value for name, value, _ in describe(settings)}
    assert shown["policy.callback_url"] == "https://***:***@hook.example/x"
