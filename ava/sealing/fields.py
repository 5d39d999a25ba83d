"""Sealed column: a model field whose column only ever holds sealed text.

Reading the attribute gives a handle (`Sealed`), and `row.secrets.open()` the secret. So no repr,
form, fixture, diff or template shows a secret by accident, and a row whose key is lost can still be
listed, changed and deleted.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init

from ava.sealing.keys import Binding, key_id_of, key_ring

if TYPE_CHECKING:
    _TextField = models.TextField["Sealed | Unsealed | str", "Sealed"]
else:
    _TextField = models.TextField


@dataclass(frozen=True, repr=False)
class Sealed:
    """A value as it is stored: `text`, and the place where it opens (None outside of a row)."""

    text: str
    binding: Binding | None = None

    def __repr__(self) -> str:
        return f"<sealed by {self.key_id}>"

    @property
    def key_id(self) -> str | None:
        """The key that sealed it; None when the text is damaged."""
        return key_id_of(self.text)

    def open(self) -> str:
        return key_ring().open(self.text, self._place())

    def resealed(self) -> "Sealed":
        """The same secret in the same place under the primary key. Raises as `open` does."""
        return seal(self.open(), self._place())

    def _place(self) -> Binding:
        if self.binding is None:
            raise ValueError("Read the whole row: a sealed value opens in its row only.")
        return self.binding


@dataclass(frozen=True)
class Unsealed:
    """A secret that was assigned and waits for save() to seal it."""

    secret: str = field(repr=False)

    def open(self) -> str:
        return self.secret


def seal(secret: str, binding: Binding) -> Sealed:
    """The secret sealed for this place by the primary key."""
    return Sealed(key_ring().seal(secret, binding), binding)


class SealedAttribute(DeferredAttribute):
    """Turns an assigned text into an `Unsealed`, so that nothing shows it before it is saved."""

    field: "SealedField"

    def __set__(self, instance: models.Model, value: Any) -> None:
        if isinstance(value, str):
            value = Unsealed(value)
        elif value is not None and not isinstance(value, Sealed | Unsealed):
            raise TypeError(f"{self.field.name} takes text, not {type(value).__name__}.")
        instance.__dict__[self.field.attname] = value


class SealedField(_TextField):
    """Text, sealed at save for this model, column, primary key (a UUID) and owner (a relation)."""

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, owner: str, **kwargs: Any) -> None:
        self.owner = owner
        # Generated forms would show what a field holds.
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        return name, path, args, {**kwargs, "owner": self.owner}

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            post_init.connect(self._bind, sender=cls, weak=False)

    def binding(self, instance: models.Model) -> Binding:
        """Binding of this row's value. Raises ValueError before it has a key and an owner."""
        pk_field = self.model._meta.pk
        owner_field: Any = self.model._meta.get_field(self.owner)
        pk, owner = instance.pk, getattr(instance, owner_field.attname)
        if pk is None or owner is None:
            raise ValueError(f"{self.model.__name__} needs a primary key and an owner to seal for.")
        return Binding(
            model=self.model._meta.label_lower,
            column=str(self.column),
            pk=str(pk_field.to_python(pk)),
            owner=str(owner_field.target_field.to_python(owner)),
        )

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        """A fixture holds sealed text; it is loaded as it was dumped."""
        if isinstance(value, str) and key_id_of(value):
            return Sealed(value)
        return value

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        if not isinstance(value, Sealed):
            raise ValueError("Only saved rows can be dumped.")
        return value.text

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """Seal what was assigned; seal again what moved to another owner or primary key."""
        value: Sealed | Unsealed | None = model_instance.__dict__[self.attname]
        if value is None:
            return None
        binding = self.binding(model_instance)
        if isinstance(value, Sealed) and value.binding in (None, binding):
            sealed = Sealed(value.text, binding)
        else:
            sealed = seal(value.open(), binding)
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def get_prep_value(self, value: Any) -> str | None:
        """Sealed text, or a refusal: clear text reaches neither the database nor a query."""
        if value is None:
            return None
        if isinstance(value, Sealed):
            return value.text
        raise TypeError(f"{self.name} is sealed: assign it to a row and save that row.")

    def get_db_prep_save(self, value: Any, connection: Any) -> str | None:
        """No expressions either, which Django lets pass: they could carry clear text."""
        return self.get_prep_value(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("exact", "isnull"):
            raise TypeError(f"{self.name} is sealed: it cannot be searched.")
        return super().get_lookup(lookup_name)

    def _bind(self, instance: models.Model, **_: Any) -> None:
        """Bind the value of a row that was read: it opens for the primary key and owner of that
        moment."""
        value = instance.__dict__.get(self.attname)
        if isinstance(value, Sealed) and value.binding is None:
            instance.__dict__[self.attname] = Sealed(value.text, self.binding(instance))
