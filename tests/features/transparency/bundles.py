"""Downloads bundles and runs the program that they contain."""

import asyncio
import io
import sys
import zipfile
from pathlib import Path

import httpx


async def unpacked(client: httpx.AsyncClient, folder: Path, **wanted: str) -> tuple[Path, str]:
    """Download a bundle; return its folder and its entries."""
    made = await client.get("/transparency/bundle.zip", params=wanted)
    assert made.headers["content-type"] == "application/zip"
    zipfile.ZipFile(io.BytesIO(made.content)).extractall(folder)
    return folder / "bundle", (folder / "bundle" / "entries.jsonl").read_text()


async def checked(folder: Path, kept: int) -> tuple[int, str]:
    """Run the bundle's own program on bare Python."""
    options = [str(folder / "verify.py"), str(folder), "--checkpoint", str(folder / "checkpoints" / f"{kept}.txt")]
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-I", *options, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    said, _nothing = await program.communicate()
    return program.returncode or 0, said.decode()
