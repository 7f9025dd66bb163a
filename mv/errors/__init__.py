"""What can go wrong, as facts without prose.

Every error a member may meet is one class here; the bot finds the words for it (`bot/ui/error_words.py`), and the job
that failed stores its code and facts, so that the words can be found again after a restart.

    MvError
    ├── Refused                 nothing was started, nothing is charged
    │   ├── OutOfRange, TooLong, Empty, NotChosen, NothingSought, NothingSet, Unknown, Taken, ServerOnly
    │   ├── FileTooLarge, FileGone, NotOurs, BadFile
    │   ├── NotFound, NotAllowed, NotHere, ManagersOnly, TooLate, Final, ListFull, LastScene, Same
    │   ├── Archived, NameGone, Already, TextRemoved, StillWorking
    │   ├── AllowanceUsedUp, BudgetReached, TooFast, TooManyWaiting, AlreadyAsked, Repeated, CannotPost
    │   └── NotSetUp, VendorResting, Restarting
    ├── VendorError             the vendor was asked, or could not be
    │   ├── KeyRefused, NoCredit, VendorBusy, VendorDown, ModelGone, BadRequest
    │   ├── Blocked             refused for safety, recitation or likeness
    │   ├── BadAnswer           cut off, not JSON, too few scenes
    │   └── NoPicture           broken, not a picture, too large, link expired
    ├── Stopped, Uncertain      a job ended without a result
    ├── Unconfirmed             a job that is only a question about what it may cost
    ├── Partial                 a job ended with some of its pictures
    ├── StorageError
    │   └── StorageFull, StorageReadOnly, StorageLocked, StorageDamaged, Conflict
    ├── NoChart                 a chart could not be drawn
    └── Incident                a bug; its number is in the log

A `StartError` (ConfigMistake, DataFolderInUse, DataFolderUnusable, SchemaTooNew, PortTaken, NotDiscord) stops the
start, as a damaged database does; BackupImpossible and ArchiveUnusable stop `backup` and `restore`, RecordsNotReady
`cleanup --dry-run`. A person must mend it (exit code 2).
"""

from mv.errors.base import Incident, MvError, error_types, revive
from mv.errors.ends import Partial, Stopped, Uncertain, Unconfirmed
from mv.errors.refused import (
    AllowanceUsedUp,
    Already,
    AlreadyAsked,
    Archived,
    BadFile,
    BudgetReached,
    CannotPost,
    Empty,
    FileGone,
    FileTooLarge,
    Final,
    LastScene,
    ListFull,
    ManagersOnly,
    NameGone,
    NotAllowed,
    NotChosen,
    NotFound,
    NotHere,
    NothingSet,
    NothingSought,
    NotOurs,
    NotSetUp,
    OutOfRange,
    Refused,
    Repeated,
    Restarting,
    Same,
    ServerOnly,
    StillWorking,
    Taken,
    TextRemoved,
    TooFast,
    TooLate,
    TooLong,
    TooManyWaiting,
    Unknown,
    VendorResting,
)
from mv.errors.start import (
    ArchiveUnusable,
    BackupImpossible,
    ConfigMistake,
    DataFolderInUse,
    DataFolderUnusable,
    NotDiscord,
    PortTaken,
    RecordsNotReady,
    SchemaTooNew,
    StartError,
)
from mv.errors.storage import (
    Conflict,
    NoChart,
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageLocked,
    StorageReadOnly,
    storage_error,
)
from mv.errors.vendors import (
    LOST,
    RESTING,
    TIMEOUT,
    UNREACHABLE,
    BadAnswer,
    BadRequest,
    Blocked,
    KeyRefused,
    ModelGone,
    NoCredit,
    NoPicture,
    VendorBusy,
    VendorDown,
    VendorError,
)

__all__ = [
    "LOST",
    "RESTING",
    "TIMEOUT",
    "UNREACHABLE",
    "AllowanceUsedUp",
    "Already",
    "AlreadyAsked",
    "ArchiveUnusable",
    "Archived",
    "BackupImpossible",
    "BadAnswer",
    "BadFile",
    "BadRequest",
    "Blocked",
    "BudgetReached",
    "CannotPost",
    "ConfigMistake",
    "Conflict",
    "DataFolderInUse",
    "DataFolderUnusable",
    "Empty",
    "FileGone",
    "FileTooLarge",
    "Final",
    "Incident",
    "KeyRefused",
    "LastScene",
    "ListFull",
    "ManagersOnly",
    "ModelGone",
    "MvError",
    "NameGone",
    "NoChart",
    "NoCredit",
    "NoPicture",
    "NotAllowed",
    "NotChosen",
    "NotDiscord",
    "NotFound",
    "NotHere",
    "NotOurs",
    "NotSetUp",
    "NothingSet",
    "NothingSought",
    "OutOfRange",
    "Partial",
    "PortTaken",
    "RecordsNotReady",
    "Refused",
    "Repeated",
    "Restarting",
    "Same",
    "SchemaTooNew",
    "ServerOnly",
    "StartError",
    "StillWorking",
    "Stopped",
    "StorageDamaged",
    "StorageError",
    "StorageFull",
    "StorageLocked",
    "StorageReadOnly",
    "Taken",
    "TextRemoved",
    "TooFast",
    "TooLate",
    "TooLong",
    "TooManyWaiting",
    "Uncertain",
    "Unconfirmed",
    "Unknown",
    "VendorBusy",
    "VendorDown",
    "VendorError",
    "VendorResting",
    "error_types",
    "revive",
    "storage_error",
]
