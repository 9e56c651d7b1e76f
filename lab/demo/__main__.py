"""Run the demonstration; its exit status is 0 only if both sides are equal and the cutover left nothing undone."""

import signal
import sys
import time
from types import FrameType

from lab.demo.cutover import show_cutover
from lab.demo.places import source_place, target_place
from lab.demo.show import say, title
from lab.demo.story import Story
from lab.demo.summary import show_summary
from lab.journey import JourneyFailed
from lab.servers import LabError


def run() -> bool:
    """Play all acts; tell whether everything was as it should be."""
    began = time.monotonic()
    title("Starting a source and a target")
    with source_place() as source, target_place() as target:
        say(f"source: {source.label}", f"target: {target.label}")
        with Story(source, target) as story:
            story.load()
            story.configure()
            story.copy_first()
            story.replicate()
            story.come_to_rest()
            story.compare()
            problems = story.show_state()
            story.cut_over()
            return show_summary(story, show_cutover(target), problems, time.monotonic() - began)


def main() -> int:
    """Run, and clean up whatever happens."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        good = run()
    except KeyboardInterrupt:
        print("\nStopped; nothing is left behind.", flush=True)
        return 130
    except (LabError, JourneyFailed) as error:
        print(f"\nThe demonstration could not continue: {error}", file=sys.stderr, flush=True)
        return 1
    return 0 if good else 1


def interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
