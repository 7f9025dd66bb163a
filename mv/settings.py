"""The environment, read and checked once. `.env` is read too; what the environment says wins over it.

Keys are `SecretStr`: their text appears where `get_secret_value` is called, and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mv.errors import ConfigMistake


class Settings(BaseSettings):
    """See the README's table of settings; where two names stand, the first wins."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    discord_token: SecretStr | None = Field(None, validation_alias="DISCORD_TOKEN")
    gemini_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("GEMINI_API_KEY", "GOOGLE_API_KEY"))
    replicate_api_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("REPLICATE_API_TOKEN", "REPLICATE_API_KEY")
    )
    debug: bool = Field(False, validation_alias="MV_DEBUG_MODE")
    data_dir: Path = Field(Path("data"), validation_alias="MV_DATA_DIR")
    config_dir: Path = Field(Path("configs"), validation_alias="MV_CONFIG_DIR")
    database_url: SecretStr | None = Field(None, validation_alias="MV_DATABASE_URL")
    media_url: str | None = Field(None, validation_alias="MV_MEDIA_URL")
    discord_api_base_url: str | None = Field(None, validation_alias="DISCORD_API_BASE_URL")
    gemini_base_url: str | None = Field(None, validation_alias="GOOGLE_GEMINI_BASE_URL")
    gemini_api_version: str | None = Field(None, validation_alias="GOOGLE_GENAI_API_VERSION")
    replicate_base_url: str | None = Field(None, validation_alias="REPLICATE_BASE_URL")
    log_format: Literal["text", "json"] = Field("text", validation_alias="MV_LOG_FORMAT")
    metrics_port: int | None = Field(None, validation_alias="MV_METRICS_PORT", ge=0, le=65535)
    """0 is any free one, which the log names; None serves nothing."""
    metrics_host: str | None = Field(None, validation_alias="MV_METRICS_HOST")
    """None is every interface of this machine."""

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the records; by default SQLite in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{quote(str((self.data_dir / 'mv.sqlite3').absolute()))}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be written anywhere: keys, and the passwords in addresses."""
        keys = (self.discord_token, self.gemini_api_key, self.replicate_api_token)
        found = [key.get_secret_value() for key in keys if key is not None]
        addresses = (self.database, self.media_url, self.discord_api_base_url, self.gemini_base_url)
        for address in (*addresses, self.replicate_base_url):
            if password := _password(address or ""):
                found += {password, unquote(password)}
        return tuple(found)


def _password(address: str) -> str | None:
    try:
        return urlsplit(address).password
    except ValueError:  # no address at all, which whoever needs it says
        return None


def read_settings() -> Settings:
    """Raises ConfigMistake, which never holds the value that was wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigMistake(
            file="environment", line=0, key=".".join(map(str, first["loc"])), expected=str(first["msg"])
        ) from None
