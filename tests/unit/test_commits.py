"""The check of commit messages: what it refuses, and which commits it selects in every kind of clone."""

import subprocess
from pathlib import Path

import pytest

from tools.commits import GitError, Repository, check, problems

WHY = "\n\nBecause it is right.\n"
GOOD = f"web: Say what is wrong{WHY}"


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        f"orders, web: Show the end of an order.{WHY}",
        f"app/core: Bring back the clock{WHY}",
        f"docs: Explain one thing; leave the rest{WHY}",
        f"{'web: Say ' + 'x' * 63}{WHY}",
        f"{GOOD}\nCo-authored-by: Somebody <a@example.com>\n",
    ],
)
def test_good_messages_pass(message: str) -> None:
    assert problems(message) == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (f"Say what is wrong{WHY}", "is not `area: Imperative sentence`"),
        (f"web: say what is wrong{WHY}", "is not `area: Imperative sentence`"),
        (f"Web: Say what is wrong{WHY}", "is not `area: Imperative sentence`"),
        (f'Revert "web: Say what is wrong"{WHY}', "is not `area: Imperative sentence`"),
        (f"web: Added a sentence{WHY}", "`Added` is not an imperative"),
        (f"web: Adding a sentence{WHY}", "`Adding` is not an imperative"),
        (f"web: Say it; core: Count it{WHY}", "joins a second change"),
        (f"{'web: Say ' + 'x' * 64}{WHY}", "has 73 characters"),
        ("web: Say what is wrong", "no body"),
        ("web: Say what is wrong\n\nSigned-off-by: Somebody <a@example.com>\n", "no body"),
        ("web: Say what is wrong\nat once\n", "is not empty"),
    ],
)
def test_bad_messages_are_refused(message: str, fault: str) -> None:
    (found,) = problems(message)
    assert fault in found


class Clone:
    """A separate repository for the test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Somebody", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(  # noqa: S603 - git, on a folder of the test
            ["git", "-C", str(self.path), *who, *arguments],  # noqa: S607 - the one on the path
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> None:
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge branch '{branch}'.", branch)


@pytest.fixture
def made(tmp_path: Path) -> Clone:
    """A history from before the rule, a good commit on main, and a branch with a bad and a good one."""
    clone = Clone(tmp_path / "made")
    clone.commit("old; bad")
    clone.git("tag", "start")
    clone.commit(GOOD)
    clone.git("switch", "--quiet", "--create", "topic")
    clone.commit("bad")
    clone.commit(GOOD)
    return clone


def cloned(made: Clone, *options: str) -> Path:
    target = made.path.parent / "clone"
    made.git("clone", "--quiet", *options, made.path.as_uri(), str(target))
    return target


def at(path: Path) -> Repository:
    return Repository(path, start="start", start_date="2020-01-01T00:00:00Z")


def test_a_branch_answers_for_its_own_commits(made: Clone) -> None:
    wrong, told = check(at(made.path))
    assert len(wrong) == 2
    assert all("'bad'" in line for line in wrong)
    assert told.startswith("Commit messages: checked 2 commits since this branch left main at ")


def test_the_default_branch_answers_for_all_since_the_rule(made: Clone) -> None:
    made.git("switch", "--quiet", "main")
    assert check(at(made.path))[0] == []
    made.merge("topic")
    wrong, told = check(at(made.path))
    assert {line.split(": ", 1)[1] for line in wrong} == {
        "the subject is not `area: Imperative sentence`",
        "there is no body that says why",
    }
    assert "checked 3 commits since " in told
    assert "when the rule was made" in told


def test_a_clone_of_a_branch_compares_with_the_default_branch_of_its_origin(made: Clone) -> None:
    made.git("switch", "--quiet", "main")
    path = cloned(made, "--branch=topic")
    wrong, told = check(at(path))
    assert len(wrong) == 2
    assert "checked 2 commits since this branch left origin/HEAD at " in told


def test_a_detached_clone_is_checked_too(made: Clone) -> None:
    made.git("switch", "--quiet", "--detach", "topic")
    made.git("branch", "--delete", "--force", "topic")
    assert "checked 2 commits since this branch left main" in check(at(made.path))[1]


def test_a_shallow_clone_is_checked_as_far_as_it_reaches(made: Clone) -> None:
    path = cloned(made, "--depth=2", "--branch=topic")
    wrong, told = check(at(path))
    assert len(wrong) == 2
    assert told == "Commit messages: checked 2 commits since 2020-01-01T00:00:00Z, as far as this clone reaches."


def test_a_shallow_clone_leaves_out_what_is_older_than_the_rule(made: Clone) -> None:
    path = cloned(made, "--depth=2", "--branch=topic")
    wrong, told = check(Repository(path, start="start", start_date="2090-01-01T00:00:00Z"))
    assert wrong == []
    assert "checked 0 commits" in told


def test_a_merge_at_the_end_of_a_shallow_clone_is_still_a_merge(made: Clone) -> None:
    made.git("switch", "--quiet", "main")
    made.merge("topic")
    path = cloned(made, "--depth=1")
    assert check(at(path)) == (
        [],
        "Commit messages: checked 0 commits since 2020-01-01T00:00:00Z, as far as this clone reaches.",
    )


def test_a_folder_without_history_is_an_error_of_git(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        check(Repository(tmp_path))
