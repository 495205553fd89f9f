"""Checks the messages of new commits: `python -m tools.commits`.

A message is `area: Imperative sentence` of at most 72 characters, one change, and a body that says why. On a branch,
the commits since it left the default branch are checked; on the default branch, all since the rule was made.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = "72bfa9f7b0fb77ae070d1c011b53b221ec876b3b"
"""The last commit before the rule was made; it and its ancestors are not checked."""
START_DATE = "2026-11-26T01:27:58Z"
"""The time of that commit, for a clone that is too shallow to contain it."""
DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
MAX_SUBJECT_LENGTH = 72

_AREA = r"[a-z0-9][a-z0-9_./-]*"
_SUBJECT = re.compile(rf"{_AREA}(, {_AREA})*: (?P<first>[A-Z]\S*)")
_SECOND_CHANGE = re.compile(rf"; {_AREA}(, {_AREA})*: ")
_TRAILER = re.compile(r"[A-Z][A-Za-z]*(-[A-Za-z]+)+: \S")
_OTHER_FORM = re.compile(r"[a-z](ed|ing)$")
_IMPERATIVES = frozenset({"Bring", "Embed", "Exceed", "Feed", "Need", "Proceed", "Ring", "Seed", "Shed", "Speed"})


class GitError(RuntimeError):
    """A git command failed; the message is its error output."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The commits to check, and how they were selected."""

    commits: tuple[str, ...]
    told: str


def problems(message: str) -> list[str]:
    """Return the problems of one commit message."""
    subject, _, rest = message.strip().partition("\n")
    return [*_problems_of_subject(subject), *_problems_of_body(rest)]


def _problems_of_subject(subject: str) -> Iterator[str]:
    if len(subject) > MAX_SUBJECT_LENGTH:
        yield f"the subject has {len(subject)} characters, at most {MAX_SUBJECT_LENGTH}"
    form = _SUBJECT.match(subject)
    if form is None:
        yield "the subject is not `area: Imperative sentence`"
    elif _OTHER_FORM.search(form["first"]) and form["first"] not in _IMPERATIVES:
        yield f"`{form['first']}` is not an imperative"
    if _SECOND_CHANGE.search(subject):
        yield "the subject joins a second change: make two commits"


def _problems_of_body(rest: str) -> Iterator[str]:
    if rest and not rest.startswith("\n"):
        yield "the line below the subject is not empty"
    if not any(line.strip() and not _TRAILER.match(line) for line in rest.splitlines()):
        yield "there is no body that says why"


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone: full or shallow, on a branch or detached."""

    path: Path
    start: str = START
    start_date: str = START_DATE

    def git(self, *arguments: str) -> str:
        """Run git and return its output.

        Raises:
            GitError: The command failed.
        """
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], capture_output=True, text=True, check=False, errors="replace"
        )
        if done.returncode != 0:
            raise GitError(done.stderr.strip() or f"git {arguments[0]} failed")
        return done.stdout

    def commit_of(self, name: str) -> str | None:
        """Return the commit that a revision names, or None if this clone does not contain it."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        except GitError:
            return None

    def choose(self) -> Choice:
        """Select the new commits."""
        head = self.git("rev-parse", "HEAD").strip()
        start = self.commit_of(self.start)
        after_start = [f"^{start}"] if start else [f"--since={self.start_date}"]
        for branch in DEFAULT_BRANCHES:
            base = self._merge_base(branch)
            if base is not None and base != head:
                told = f"since this branch left {branch} at {base[:9]}"
                return self._listed(told, f"^{base}", *after_start)
        if start is None:
            return self._listed(f"since {self.start_date}, as far as this clone reaches", *after_start)
        return self._listed(f"since {start[:9]}, when the rule was made", *after_start)

    def _merge_base(self, branch: str) -> str | None:
        """Return the merge base with another branch, or None if it is unknown, as in a shallow clone."""
        if self.commit_of(branch) is None:
            return None
        try:
            return self.git("merge-base", branch, "HEAD").strip()
        except GitError:
            return None

    def _listed(self, told: str, *revisions: str) -> Choice:
        commits = self.git("rev-list", "--no-merges", "HEAD", *revisions).split()
        return Choice(tuple(commit for commit in commits if not self._is_merge(commit)), told)

    def _is_merge(self, commit: str) -> bool:
        """Read the parents from the commit object: at the end of a shallow clone git itself does not report them."""
        head = self.git("cat-file", "commit", commit).partition("\n\n")[0]
        return len(re.findall(r"^parent ", head, re.MULTILINE)) > 1

    def message_of(self, commit: str) -> str:
        """Return the whole message of a commit."""
        return self.git("log", "-1", "--format=%B", commit)


def check(repository: Repository) -> tuple[list[str], str]:
    """Return the problems, one per line, and a description of what was checked."""
    choice = repository.choose()
    wrong = [
        f"{commit[:9]} {message.strip().partition('\n')[0]!r}: {problem}"
        for commit in choice.commits
        for message in (repository.message_of(commit),)
        for problem in problems(message)
    ]
    plural = "" if len(choice.commits) == 1 else "s"
    return wrong, f"Commit messages: checked {len(choice.commits)} commit{plural} {choice.told}."


def main() -> int:
    """Check this checkout and print the result."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        print("Commit messages: not checked, because there is no git or no history here.")
        return 0
    try:
        wrong, told = check(Repository(ROOT))
    except GitError as error:
        print(f"Commit messages: git refuses: {error}", file=sys.stderr)
        return 1
    print(told)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
