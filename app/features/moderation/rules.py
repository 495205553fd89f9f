"""Detection of contact details in texts. Texts are marked for the reader and never rejected."""

import re
from collections.abc import Callable
from itertools import islice

from app.features.moderation.schemas import ContactKind

# A match is a hint for the reader, not a proof. Repetitions are bounded, so that no text makes matching slow. Pages
# search all their texts, so one character before the sign is enough for an address, and the name of a messenger is
# tried only where a first letter of one stands.
MAX_CANDIDATES = 100
"""How many candidates of one kind are judged by what stands around them; a text of names alone is a contact anyway."""
_DASH = r"\-‐‑–—"
_EMAIL = re.compile(
    r"[\w.+-](?:\s?@(?=\S)|\s@\s|\s?[(\[{]\s?(?:at|a|собака|dog)\s?[)\]}]\s?| собака )\s?[\w-]{1,63}"
    r"(?:\.(?=\S)|\s\.\s?|\s?[(\[{]\s?(?:dot|точка)\s?[)\]}]\s?|\s(?:dot|точка)\s)[a-zа-я]{2,}"
    r"|\w\s(?:at|эт|собака|собачка)\s[\w-]{1,63}\s(?:dot|точка|тчк)\s[a-zа-я]{2,}",
    re.IGNORECASE,
)
_PHONE = re.compile(
    rf"(?<![\w.,])(?:\+\s?\d|[78][\s({_DASH}]{{0,3}}[3-9]\d\d)(?:[\s().{_DASH}]{{0,3}}\d){{7,11}}(?!\w)",
)
_SUM = r"\d{1,3}(?:\s\d{3}){0,4}"
_AMOUNTS = re.compile(rf"{_SUM}|\+?{_SUM}\s?[{_DASH}]\s?{_SUM}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S|\b(?:t\.me|wa\.me|vk\.com|vk\.me)/\S", re.IGNORECASE)
# Rules of style sheets, decorators, documentation tags and template events begin with the same sign as a handle.
_CODE = (
    "media|import|charset|namespace|supports|keyframes|font|page|layer|container|property|counter|apply|tailwind|include"
    "|mixin|extend|use|forward|else|each|if|for|while|app|router|api|pytest|celery|functools|dataclass|staticmethod"
    "|classmethod|cached|override|overload|decorator|component|injectable|module|controller|service|entity|column|get"
    "|post|put|patch|delete|test|before|after|param|params|return|returns|throws|see|todo|deprecated|author|since"
    "|version|example|type|types|click|change|input|submit|keyup|keydown|babel|angular|vue|nestjs|autowired|bean"
    "|transactional|data|builder|getter|setter|nonnull|nullable|suppresswarnings|everyone|here|channel"
)
_HANDLE = re.compile(rf"(?<![\w.@/])@(?!(?:{_CODE})\b)[a-z]\w{{3,31}}\b(?!\s?[/(=])", re.IGNORECASE)
_ADDRESS_OF_MESSENGER = re.compile(
    r"(?=[twт])(?:\b(?:t\.me|wa\.me)/|\b(?:тг|tg)\s?(?:[:@]|[-–—]\s))"
    r"|\bsignal\s?[:@+]"
    r"|\b(?:via|on|my|through|в|через|мой|по) signal\b(?![-\s](?!(?:or|and|is|me|too|please|или|и)\b)\w)",
    re.IGNORECASE,
)
_MESSENGER = (
    r"(?:telegram|телеграм\w{0,3}|телег[аеу]|whats\s?app|в[оа]тс\s?ап\w?|viber|вайбер\w?|skype|скайп\w?|"
    r"(?:signal|тг|tg)(?=[,/]))"
)
_MESSENGERS = re.compile(
    rf"(?=[tтwвvsс])\b{_MESSENGER}\b(?:(?:\s?[,/&+]\s?|\s(?:и|или|and|or)\s){_MESSENGER}\b){{0,4}}", re.IGNORECASE
)
# What freelancers make for messengers: a bot for one or experience with its API is no invitation to write there.
_MADE = (
    "чат-?бот|бот|chat-?bot|bot|канал|channel|групп|group|интеграц|integrat|парс|pars|рассыл|mailing|newsletter|реклам"
    "|уведомл|notif|приложен|app|магазин|shop|store|стикер|sticker|продвиж|promot|маркетинг|marketing|клон|clone"
    "|виджет|widget|api|апи|sdk|aiogram|telethon|подписч|subscriber|подключ|сообществ|communit"
)
_MADE_BEFORE = re.compile(
    rf"\b(?:{_MADE})\w{{0,8}}\s(?:\w{{1,14}}\s){{0,2}}(?:(?:для|в|во|на|с|со|к|for|in|on|with|to|of)\s)?$",
    re.IGNORECASE,
)
_MADE_AFTER = re.compile(
    rf"\s?[{_DASH}]?\s?(?:(?:mini|мини|web|веб|business|бизнес)[\s{_DASH}]?)?(?:{_MADE}|ads|stars|premium|payments|login)",
    re.IGNORECASE,
)
_WAY_TO_WRITE = re.compile(r"\s?(?:[:(+@]|\d{5})")
_CONTEXT = 40


def _has_phone(text: str) -> bool:
    """Tell whether there is a number that is no amount or range of amounts with its thousands apart."""
    return any(not _AMOUNTS.fullmatch(found.group()) for found in islice(_PHONE.finditer(text), MAX_CANDIDATES))


def _has_messenger(text: str) -> bool:
    if _HANDLE.search(text) or _ADDRESS_OF_MESSENGER.search(text):
        return True
    names = list(islice(_MESSENGERS.finditer(text), MAX_CANDIDATES))
    return len(names) == MAX_CANDIDATES or any(not _is_made_for(text, *name.span()) for name in names)


def _is_made_for(text: str, start: int, end: int) -> bool:
    """Tell whether the names between the positions say what work is for, and not where to write."""
    if _WAY_TO_WRITE.match(text, end):
        return False
    return bool(_MADE_AFTER.match(text, end) or _MADE_BEFORE.search(text[max(0, start - _CONTEXT) : start]))


_DETECTORS: dict[ContactKind, Callable[[str], object]] = {
    ContactKind.EMAIL: _EMAIL.search,
    ContactKind.PHONE: _has_phone,
    ContactKind.LINK: _LINK.search,
    ContactKind.MESSENGER: _has_messenger,
}


def detect_contacts(text: str) -> list[ContactKind]:
    """Return the kinds of contact details that the text seems to contain, including spelled-out ones."""
    return [kind for kind, detect in _DETECTORS.items() if detect(text)]
