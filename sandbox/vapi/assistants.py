"""Vapi's assistants."""

from sandbox.vapi.schema import check
from sandbox.vapi.store import Resource, Store


class Assistants:
    """The organisation's assistants. Vapi asks the same of a new one and of a change."""

    kind = "Assistant"
    filters: tuple[str, ...] = ()

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, fields: Resource, _host: str) -> Resource:
        """Add an assistant. Raises: RefusedError."""
        check("CreateAssistantDTO", fields)
        return self.store.create(fields)

    def update(self, assistant_id: str, fields: Resource) -> Resource | None:
        """Change an assistant. Raises: RefusedError."""
        check("CreateAssistantDTO", fields)
        return self.store.update(assistant_id, fields)

    def delete(self, assistant_id: str) -> Resource | None:
        """Remove an assistant."""
        return self.store.delete(assistant_id)
