"""What a training cost: the time since its start, and the energy as the assumption has it."""

import re
import time

from inference.training.cost import Meter


def test_minutes_run_from_the_start_and_energy_follows_the_processor() -> None:
    line = Meter(started_s=time.monotonic() - 3600.0).lines()
    found = re.fullmatch(
        r"The run took (\d+) minutes and (\d+) minutes of processor time on \d+ cores without a GPU; at 8 W a busy "
        r"core \(assumed, not measured\) that is (\d+\.\d{3}) kWh\. Views and tails .* not counted\.",
        line,
    )
    assert found is not None
    assert found[1] == "60"
    # Rounded to minutes, so as near as half a minute of 8 W.
    assert abs(float(found[3]) - int(found[2]) * 60 * 8 / 3.6e6) <= 0.5 * 60 * 8 / 3.6e6 + 0.0005
