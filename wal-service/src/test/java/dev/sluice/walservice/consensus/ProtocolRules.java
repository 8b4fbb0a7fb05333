package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;

/** The two halves of the protocol as a simulation plays them: the real ones, or broken ones. */
interface ProtocolRules {
    ProtocolRules TRUE = new ProtocolRules() {};

    default Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
        return Acceptor.step(node, state, input);
    }

    default Proposer.Step proposer(ProposerState state, ProposerInput input) {
        return Proposer.step(state, input);
    }

    /** Up to where a lost log can be taken over from another acceptor's, out of an archive. */
    default Lsn archived(AcceptorState other) {
        return other.control().commit();
    }

    default MembershipChange.Step change(
            MembershipChange.State state, MembershipChange.Input input) {
        return MembershipChange.step(state, input);
    }

    /** What holds of an acceptor when its log was cut and what was to follow has failed. */
    default AcceptorState cutOff(AcceptorState state, Lsn end) {
        return state.cutOff(end);
    }

    /** How an acceptor that lost its disk begins. */
    default AcceptorState restored(AcceptorState state) {
        return state;
    }
}
