"""The end of the demonstration: what happened, in words and figures."""

from lab.demo.cutover import Cutover
from lab.demo.show import say, title
from lab.demo.story import Story


def show_summary(story: Story, cutover: Cutover, problems: int, seconds: float) -> bool:
    """Say what happened; return whether all of it was as it should be."""
    facts, comparison = story.facts, story.comparison
    lag = facts.lag
    title("What happened")
    say(
        f"from        {story.source.label}",
        f"to          {story.target.label}",
        f"first copy  {facts.tables} tables with {facts.rows:,} rows in {facts.copy_seconds:.1f} s, while they"
        " were written to",
        f"replicated  {facts.tally}, and one ALTER TABLE among them",
    )
    if lag is not None:
        say(
            f"lag         half of the commits were visible in PostgreSQL within {lag.p50 * 1000:.0f} ms,"
            f" 99 of 100 within {lag.p99 * 1000:.0f} ms"
        )
    say(
        f"compared    {comparison if comparison.equal else 'THE TWO SIDES DIFFER, see above'}",
        f"errors      {problems or 'none'}",
        f"cutover     {cutover.inserted} tables generate their keys, {cutover.as_they_should_be} of"
        f" {cutover.foreign_keys} foreign keys are validated, with their rules, {cutover.application} may write",
        f"took        {seconds:.0f} s, with the start of the servers",
    )
    good = comparison.equal and not problems and cutover.complete
    say("", "Everything is as it should be." if good else "Something is not as it should be.")
    return good
