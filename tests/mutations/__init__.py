"""Our guards, each taken out in turn: what is changed in the code, and which tests must see it.

Every mutation is a mistake that a real connector has made (FAILURES), or one step towards it.
"""

from __future__ import annotations

from tests.mutations.asking import ASKING
from tests.mutations.declaring import DECLARING
from tests.mutations.keeping import KEEPING
from tests.mutations.reading import READING
from tests.mutations.writing import WRITING

MUTATIONS = [*ASKING, *READING, *KEEPING, *DECLARING, *WRITING]
