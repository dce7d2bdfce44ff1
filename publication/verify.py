"""Whether versions are as they were published: every file against its hash."""

from collections.abc import Iterator
from contextlib import contextmanager

from publication import store
from publication.manifest import outputs, read_manifest
from publication.store import PublicationError
from quarterdeck.settings import Settings


def verify(settings: Settings, version: str) -> list[str]:
    """What is not as it was published: missing, changed and additional files, in words. Empty where all is well."""
    folder = settings.published / version
    try:
        promised = {output.path: output for output in read_manifest(settings, version).outputs}
    except PublicationError:
        return [f"{version}/{store.MANIFEST_FILE} is missing or cannot be read, so that nothing else can be checked"]
    present = {output.path: output for output in outputs(folder)}
    return [
        *(f"{version}/{path} is missing" for path in sorted(promised.keys() - present.keys())),
        *(f"{version}/{path} was not published" for path in sorted(present.keys() - promised.keys())),
        *(
            f"{version}/{path} has changed since it was published"
            for path in sorted(promised.keys() & present.keys())
            if promised[path] != present[path]
        ),
    ]


@contextmanager
def reading(settings: Settings, *names: str) -> Iterator[None]:
    """Say of what fails while versions are read that they are damaged, where one is not as it was published.

    The names are those that `store.resolve` takes. Raises PublicationError that lists the damage; where there is none,
    the error goes on as it is.
    """
    try:
        yield
    except PublicationError:
        raise
    except Exception as error:
        versions = sorted({store.resolve(settings, name) for name in names})
        damage = [line for version in versions for line in verify(settings, version)]
        if not damage:
            raise
        raise PublicationError(f"{'; '.join(damage)}. {store.RESTORE}") from error
