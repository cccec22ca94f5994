"""What the installed botocore says of CreateConnection, and the little that it cannot say."""

import botocore.session
from botocore.model import Shape, StructureShape

from handler.requests.credential_rules import PLAIN_MEMBERS_THAT_MAY_REFER


def create_connection() -> StructureShape:
    """Return the input of CreateConnection, without credentials, Region or network."""
    model = botocore.session.get_session().get_service_model("events")
    shape = model.operation_model("CreateConnection").input_shape
    if not isinstance(shape, StructureShape):
        raise TypeError("CreateConnection takes no structure")
    return shape


def is_sensitive(shape: Shape) -> bool:
    """Tell whether AWS marks the shape as a credential."""
    return bool(shape.metadata.get("sensitive"))


def takes_reference(name: str, shape: Shape) -> bool:
    """Tell whether the member of that name may hold a reference."""
    return is_sensitive(shape) or name in PLAIN_MEMBERS_THAT_MAY_REFER


def is_parameter(shape: StructureShape) -> bool:
    """Tell whether the shape itself says if its value is a secret, as HTTP parameters do."""
    return "IsValueSecret" in shape.members
