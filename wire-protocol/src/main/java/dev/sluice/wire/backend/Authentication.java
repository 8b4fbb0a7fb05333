package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;

/** The messages of type {@code 'R'}: an Int32 code tells them apart. */
public sealed interface Authentication extends BackendMessage
        permits AuthenticationOk,
                AuthenticationKerberosV5,
                AuthenticationCleartextPassword,
                AuthenticationMD5Password,
                AuthenticationGSS,
                AuthenticationGSSContinue,
                AuthenticationSSPI,
                AuthenticationSASL,
                AuthenticationSASLContinue,
                AuthenticationSASLFinal {

    @Override
    default byte type() {
        return 'R';
    }

    static Authentication decode(ByteBuf body) {
        int code = MessageFields.int32(body, "authentication code");
        return switch (code) {
            case 0 -> new AuthenticationOk();
            case 2 -> new AuthenticationKerberosV5();
            case 3 -> new AuthenticationCleartextPassword();
            case 5 -> new AuthenticationMD5Password(MessageFields.bytes(body, 4, "salt"));
            case 7 -> new AuthenticationGSS();
            case 8 -> new AuthenticationGSSContinue(MessageFields.rest(body));
            case 9 -> new AuthenticationSSPI();
            case 10 -> AuthenticationSASL.decode(body);
            case 11 -> new AuthenticationSASLContinue(MessageFields.rest(body));
            case 12 -> new AuthenticationSASLFinal(MessageFields.rest(body));
            default -> throw new WireFormatException("unknown authentication code " + code);
        };
    }
}
