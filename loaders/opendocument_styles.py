"""The styles of .ods files: which of them show another figure than a cell holds."""

from loaders.number_formats import PLAIN, NumberFormat, number_format

_FORMATS = ("number:number-style", "number:currency-style", "number:percentage-style")
_PERCENTAGES = _FORMATS[-1]
_DIGITS = ("number:number", "number:scientific-number", "number:fraction")
_CELL_STYLE, _ANOTHER_WHERE = "style:style", "style:map"
_LONGEST_CHAIN = 16


class CellStyles:
    """Follows the elements of the styles of cells and of their formats, which are put as a spreadsheet's codes."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._codes: dict[str, str] = {}
        self._formats: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._known: dict[str, NumberFormat] = {}
        self._format: str | None = None
        self._is_percentage = False
        self._text = ""

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._text = ""
        name = attributes.get("style:name", "")
        if element in _FORMATS:
            self._format, self._is_percentage, self._codes[name] = name, element == _PERCENTAGES, ""
        elif element == _CELL_STYLE and attributes.get("style:family") == "table-cell":
            self._formats[name] = attributes.get("style:data-style-name", "")
            self._parents[name] = attributes.get("style:parent-style-name", "")
        elif self._format is not None and element == _ANOTHER_WHERE:
            # What is said here is how negative numbers are shown; positive ones are shown by the style named.
            positive = self._codes.get(attributes.get("style:apply-style-name", ""))
            if positive is not None and ">" in attributes.get("style:condition", ""):
                self._codes[self._format] = positive
        elif self._format is not None and element in _DIGITS:
            factor = attributes.get("number:display-factor", "1")
            self._codes[self._format] += "0" + "," * (factor.count("0") // 3)

    def characters(self, text: str) -> None:
        """Text within an element."""
        if self._format is not None:
            self._text += text

    def end(self, element: str) -> None:
        """An element ends."""
        if element in _FORMATS:
            self._format = None
        if self._format is not None and element == "number:text":
            self._codes[self._format] += "%" if self._is_percentage and "%" in self._text else f'"{self._text}"'
        if self._format is not None and element == "number:currency-symbol":
            self._codes[self._format] += f"[${self._text}]"

    def format_of(self, style: str) -> NumberFormat:
        """How numbers are shown in cells of a style."""
        if style not in self._known:
            self._known[style] = self._find(style)
        return self._known[style]

    def _find(self, style: str) -> NumberFormat:
        for _ in range(_LONGEST_CHAIN):
            if code := self._codes.get(self._formats.get(style, "")):
                return number_format(code)
            style = self._parents.get(style, "")
        return PLAIN
