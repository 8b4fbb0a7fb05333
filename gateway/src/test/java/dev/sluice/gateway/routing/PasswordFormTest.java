package dev.sluice.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordFormTest {
    @ParameterizedTest
    @CsvSource({
        "endpoint=ep-x;pw,ep-x,pw",
        "endpoint=ep-x$pw,ep-x,pw",
        "project=ep-x;pw,ep-x,pw",
        "endpoint=ep-x;p;w,ep-x,p;w",
        "endpoint=ep-x;p$w,ep-x,p$w",
        "endpoint=ep-x$p$w,ep-x,p$w",
        "endpoint=ep-x$p;w,ep-x,p;w", // where the reference takes "ep-x$p" for the endpoint
        "endpoint=ep-x;,ep-x,''",
        "endpoint=;pw,'',pw",
    })
    void theFirstSeparatorEndsTheEndpoint(String text, String endpoint, String password) {
        assertThat(PasswordForm.parse(text)).contains(new PasswordForm(endpoint, password));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pw", "endpoint=ep-x", "Endpoint=ep-x;pw", "x;endpoint=ep-x;pw"})
    void allElseIsAnOrdinaryPassword(String text) {
        assertThat(PasswordForm.parse(text)).isEmpty();
    }

    @Test
    void thePasswordIsNotPrinted() {
        assertThat(PasswordForm.parse("endpoint=ep-x;secret").toString()).doesNotContain("secret");
    }
}
