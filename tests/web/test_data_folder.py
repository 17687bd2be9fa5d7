"""One service a data folder."""

from pathlib import Path

import pytest

from web.data_folder import sole_in
from web.settings import ConfigError


def test_a_second_service_is_kept_out_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with sole_in(folder):
        with (
            pytest.raises(ConfigError, match=r"Another gorewatch service .*new; .*GOREWATCH_DATA_DIR"),
            sole_in(folder),
        ):
            raise AssertionError
        with sole_in(tmp_path):
            pass
    with sole_in(folder):
        pass


def test_a_folder_that_cannot_be_is_a_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written to"), sole_in(tmp_path / "file" / "folder"):
        raise AssertionError
